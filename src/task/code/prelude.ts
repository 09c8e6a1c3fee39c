/**
 * The Python program that runs generated code: it sets the limits, runs the code, and then its tests. It writes the
 * secret that means "passed" last, so code that exits early does not pass. While the code runs, no frame or name refers
 * to the secret, only an iterator of the interpreter, and the ways to search its heap are blocked. Code that
 * manipulates its own tests, which share its interpreter, is not prevented.
 */
export const PRELUDE = `
import collections, itertools, json, os, resource, sys
def closed(event, arguments):
    if event.startswith(("gc.get_", "ctypes.", "cpython._PySys", "sys.setprofile", "sys.settrace")):
        raise RuntimeError("closed here")
def steps():
    payload = json.load(sys.stdin)
    sys.stdin.close()
    for name, value in payload["limits"].items():
        resource.setrlimit(getattr(resource, name), (value, value))
    parts = [payload["code"], *payload["tests"]]
    codes = map(compile, parts, itertools.repeat("<generated>"), itertools.repeat("exec"))
    return itertools.chain(map(exec, codes, itertools.repeat({"__name__": "__main__"})), map(os.write, [3], [payload["secret"].encode()]), map(os._exit, [0]))
sys.addaudithook(closed)
try:
    collections.deque(steps(), 0)
except BaseException:
    os._exit(1)
os._exit(1)
`;
