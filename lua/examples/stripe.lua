-- stripe.lua: only what Stripe signed, and not too long ago (Stripe-Signature: t=...,v1=...).
local secrets = { ["payments"] = "whsec_of_the_endpoint" }
local tolerance = 300 -- seconds

function on_request(req)
  if secrets[req.id] then
    return { read_body = true }
  end
end

local function signed(req, secret)
  local time, signatures = nil, {}
  for _, part in ipairs(wht.split(req.headers["stripe-signature"] or "", ",")) do
    local name, value = table.unpack(wht.split(wht.trim(part), "=", 2))
    if name == "t" then time = value end
    if name == "v1" then signatures[#signatures + 1] = value end
  end
  if not time or math.abs(wht.time() - (tonumber(time) or 0)) > tolerance then
    return false
  end
  local mine = wht.hmac_sha256(secret, time .. "." .. req.body)
  for _, signature in ipairs(signatures) do
    if wht.equal(mine, signature) then return true end
  end
  return false
end

function on_body(req)
  if not signed(req, secrets[req.id]) then
    return { deny = 400, reason = "not signed by Stripe, or too long ago" }
  end
end
