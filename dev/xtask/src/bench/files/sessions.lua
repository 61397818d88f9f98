-- Each request is of the next session.
local requests, at = {}, 0
function init(args)
  for cookie in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format(nil, nil, { Host = wrk.headers["Host"], Cookie = cookie })
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
