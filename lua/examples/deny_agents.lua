-- deny_agents.lua: unwelcome programs, by what they say they are.
local unwelcome = { "*badbot*", "masscan/*", "*zgrab*" }

function on_request(req)
  local agent = (req.headers["user-agent"] or ""):lower()
  for _, pattern in ipairs(unwelcome) do
    if wht.glob(agent, pattern) then
      wht.count("denied_agents")
      return { deny = 403, reason = "not for robots" }
    end
  end
end
