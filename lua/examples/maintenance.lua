-- maintenance.lua: a page while a tunnel is away, and no new registrations for some ids.
local closed = { ["shop"] = true } -- under maintenance, whether the tunnel is up or not

local page = [[
<!doctype html><title>Back soon</title>
<h1>Back soon</h1><p>We are working on it.</p>
]]

function on_request(req)
  if closed[req.id] or not wht.tunnels(req.id) then
    return {
      status = 503,
      headers = { ["Content-Type"] = "text/html; charset=utf-8", ["Retry-After"] = "120" },
      body = page,
    }
  end
end

function on_register(req)
  if wht.starts(req.id, "retired-") then
    return { deny = 403, reason = "that id is retired" }
  end
  return { label = wht.starts(req.id, "prod-") and "production" or "development" }
end
