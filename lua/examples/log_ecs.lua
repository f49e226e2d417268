-- log_ecs.lua: every event as JSON in the Elastic Common Schema.
local function request(event)
  return {
    ["@timestamp"] = wht.date("%Y-%m-%dT%H:%M:%S.%fZ", event.time_ms / 1000),
    ["ecs.version"] = "8.11",
    ["event.dataset"] = "webhooktunnel.access",
    ["event.duration"] = event.ms * 1000000,
    ["http.request.id"] = event.request_id,
    ["http.request.method"] = event.method,
    ["http.response.status_code"] = event.status,
    ["http.response.body.bytes"] = event.bytes,
    ["source.address"] = event.address,
    ["url.domain"] = event.host,
    ["url.path"] = event.path,
    ["user_agent.original"] = event.user_agent,
    ["labels"] = { tunnel = event.tunnel, reason = event.reason },
  }
end

local function other(event)
  local labels = {}
  for name, value in pairs(event) do labels[name] = value end
  return {
    ["@timestamp"] = wht.date("%Y-%m-%dT%H:%M:%S.%fZ", event.time_ms / 1000),
    ["event.dataset"] = "webhooktunnel." .. event.event,
    ["labels"] = labels,
  }
end

function on_log(event)
  return wht.json(event.event == "http.request" and request(event) or other(event))
end
