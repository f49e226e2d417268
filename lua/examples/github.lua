-- github.lua: only what GitHub signed goes through (X-Hub-Signature-256).
local secrets = { ["ci"] = "the secret that was typed into GitHub's form" }

function on_request(req)
  if secrets[req.id] and req.method == "POST" then
    return { read_body = true }
  elseif secrets[req.id] then
    return { deny = 405, reason = "webhooks are POSTs" }
  end
end

function on_body(req)
  local mine = "sha256=" .. wht.hmac_sha256(secrets[req.id], req.body)
  if not wht.equal(mine, req.headers["x-hub-signature-256"] or "") then
    wht.count("bad_signatures")
    return { deny = 401, reason = "the signature does not fit" }
  end
end
