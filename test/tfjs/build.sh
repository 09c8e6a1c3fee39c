#!/usr/bin/env bash
# Builds @tensorflow/tfjs-node, the CPU form of the engine "tfjs", in test/cache/tfjs, where the tests find it. Its own install script downloads
# libtensorflow; here the C library comes from TensorFlow's Python wheel, and the addon is compiled. 600 MB and some minutes, once. Linux on x86-64.
set -euo pipefail
cd "$(dirname "$0")/../.."
kept="$PWD/test/cache/tfjs" folder="$PWD/test/cache/tfjs.new" python="$PWD/test/cache/python" name=node_modules/@tensorflow/tfjs-node

loads() { TF_CPP_MIN_LOG_LEVEL=2 node -e 'require(process.argv[1])' "$1/$name"; }
[ -d "$kept/$name/lib" ] && loads "$kept" 2>/dev/null && { echo "tfjs: built before, in $kept"; exit 0; }
for tool in g++ make python3 npm; do command -v "$tool" >/dev/null || { echo "test/tfjs/build.sh needs $tool" >&2; exit 1; }; done

# Made aside, so that no half of it is ever found.
package="$folder/$name"
rm -rf "$folder"
mkdir -p "$folder"
npm install --loglevel=error --no-audit --no-fund --ignore-scripts --prefix "$folder" @tensorflow/tfjs-node@4.22.0 node-gyp@10.3.1

[ -x "$python/bin/pip" ] || python3 -m venv "$python"
"$python/bin/pip" download --quiet --no-deps --only-binary=:all: --python-version 3.11 --platform manylinux_2_17_x86_64 --dest "$folder/wheel" tensorflow-cpu==2.15.1
python3 - "$folder"/wheel/*.whl "$package/deps" <<'EXTRACT'
import os, shutil, sys, zipfile
wheel, deps = zipfile.ZipFile(sys.argv[1]), sys.argv[2]
for name in wheel.namelist():
    inner = name.removeprefix("tensorflow/")
    library = inner in ("libtensorflow_cc.so.2", "libtensorflow_framework.so.2")
    if not (library or inner.startswith("include/")) or name.endswith("/"): continue
    target = os.path.join(deps, "lib" if library else "", inner)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with wheel.open(name) as source, open(target, "wb") as out: shutil.copyfileobj(source, out, 1 << 20)
EXTRACT
rm -rf "$folder/wheel"
for link in libtensorflow.so libtensorflow.so.2 libtensorflow.so.2.9.1; do ln -sf libtensorflow_cc.so.2 "$package/deps/lib/$link"; done
for link in libtensorflow_framework.so libtensorflow_framework.so.2.9.1; do ln -sf libtensorflow_framework.so.2 "$package/deps/lib/$link"; done

# The headers that came with this Node; without them node-gyp downloads some.
headers=()
for prefix in "$(node -p 'require("path").resolve(process.execPath, "../..")')" /usr; do
  [ -f "$prefix/include/node/node_api.h" ] && { headers=(--nodedir="$prefix"); break; }
done
(cd "$package" && "$folder/node_modules/.bin/node-gyp" rebuild --silent "${headers[@]}" --module_name=tfjs_binding --module_path="$package/lib/napi-v8" --napi_build_version=8)
rm -rf "$package/build" "$package/deps/include"
loads "$folder"
rm -rf "$kept"
mv "$folder" "$kept"
echo "tfjs: built in $kept"
