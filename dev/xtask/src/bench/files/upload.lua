-- What is asked for is given something first.
wrk.method = "POST"
wrk.body = string.rep("x", 10000)
