-- wrk: says "enough" after WRK_REQUESTS answers (where that is a number), and prints what came back as JSON once it is interrupted.
local threads = {}

function setup(thread)
   table.insert(threads, thread)
end

function init(args)
   answered, refused = 0, 0
   limit = tonumber(os.getenv("WRK_REQUESTS"))
   wrk.headers["Authorization"] = os.getenv("WRK_AUTHORIZATION")
end

function response(status, headers, body)
   answered = answered + 1
   if status ~= 200 then refused = refused + 1 end
   if answered == limit then
      io.write("enough\n")
      io.flush()
   end
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      '\n{"answered": %d, "refused": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d, "p99_ms": %.1f}\n',
      threads[1]:get("answered"), threads[1]:get("refused"), errors.connect, errors.read, errors.write,
      errors.timeout, latency:percentile(99) / 1000))
end
