-- log_common.lua: the access log in the Combined Log Format; other events stay as they are.
local function quoted(text)
  return '"' .. wht.replace(text, '"', "'") .. '"'
end

local function or_dash(text)
  return text ~= "" and text or "-"
end

function on_log(event)
  if event.event ~= "http.request" then return end
  if event.path == "/healthz" then return false end
  return table.concat({
    or_dash(event.address), "-", or_dash(event.tunnel or ""),
    wht.date("[%d/%b/%Y:%H:%M:%S +0000]", event.time_ms / 1000),
    quoted(event.request .. " HTTP/1.1"), event.status, event.bytes,
    quoted(or_dash(event.referer)), quoted(or_dash(event.user_agent)),
  }, " ")
end
