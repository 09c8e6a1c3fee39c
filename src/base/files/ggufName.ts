/** A file of Ollama: it keeps a model under the hash of its content, without a suffix, as blobs/sha256-<64 digits>. */
const OLLAMA_BLOB = /(^|[\\/])blobs[\\/]sha256-[0-9a-f]{64}$/;

/**
 * Whether a backbone is named as a GGUF file, and not as a folder. Ollama's files have no suffix: they are used where
 * they lie, since a copy or a link with one would cost disk space or outlive the model. The name is that of the
 * content, so that another version of the model never takes its place.
 */
export const isGgufName = (backbone: string): boolean => /\.gguf$/i.test(backbone) || OLLAMA_BLOB.test(backbone);

/** A part of a model in several files, as llama.cpp names it: NAME-00001-of-00003.gguf, the first of three. */
const PART = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/i;

/** The part that a file's name tells; undefined where the file is a whole model. @param name without folders */
export function ggufPartOf(name: string): { model: string; number: number; count: number } | undefined {
  const [, model, number, count] = PART.exec(name) ?? [];
  return model === undefined ? undefined : { model, number: Number(number), count: Number(count) };
}

/**
 * Whether a file, by its name, is a language model's, and the first where it has several: no part of a model for
 * pictures ("mmproj"), which llama.cpp keeps apart, and no importance matrix.
 * @param name without folders
 */
export const isGgufModelName = (name: string): boolean =>
  /\.gguf$/i.test(name) && !/mmproj|imatrix/i.test(name) && (ggufPartOf(name)?.number ?? 1) === 1;
