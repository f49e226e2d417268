-- aliases.lua: customers' own host names, and a canary.
local hosts = {
  ["hooks.example.org"] = "org-prod",
  ["hooks.example.net"] = "net-prod",
}
local canary = { id = "org-prod", to = "org-canary", percent = 10 }

-- The same visitor always lands on the same side: the digest of the address decides.
local function chosen(peer)
  return tonumber(wht.sha256(peer):sub(1, 4), 16) % 100 < canary.percent
end

function on_route(req)
  local host = wht.split(req.host or "", ":", 2)[1]:lower()
  local id = hosts[host] or req.id
  if id == canary.id and chosen(req.peer) and wht.tunnels(canary.to) then
    id = canary.to
  end
  if id ~= req.id then
    return { id = id }
  end
end
