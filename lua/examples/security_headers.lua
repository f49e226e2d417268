-- security_headers.lua: what every response should say, whatever the local server forgot.
local wanted = {
  ["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains",
  ["X-Content-Type-Options"] = "nosniff",
  ["Referrer-Policy"] = "no-referrer",
  ["X-Robots-Tag"] = "noindex",
}

function on_response(res)
  for name, value in pairs(wanted) do
    if not res.headers[name] then
      res.headers[name] = value
    end
  end
  res.headers["Server"] = nil
  res.headers["X-Powered-By"] = nil
end
