-- rate_limit.lua: so many requests a minute from one address to one tunnel, on all workers together.
local most, seconds = 60, 60

function on_request(req)
  local key = "rate:" .. req.id .. ":" .. req.peer
  if wht.kv.increment(key, 1, seconds) > most then
    wht.count("rate_limited")
    return {
      status = 429,
      headers = { ["Retry-After"] = tostring(seconds) },
      body = "Too many requests; come back in a minute.\n",
    }
  end
end
