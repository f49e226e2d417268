-- allow_networks.lua: who may reach which tunnel, by address.
local networks = {
  internal = "10.0.0.0/8, 192.168.0.0/16, 2001:db8::/32",
  github = "192.30.252.0/22, 185.199.108.0/22, 140.82.112.0/20",
}

function on_request(req)
  local allowed = networks[req.id]
  if allowed and not wht.in_network(req.peer, allowed) then
    return { deny = 403, reason = "not from there" }
  end
end
