// Errors of onnxruntime, its execution providers, Python, C++ and JavaScript have no codes; only their messages
// distinguish one failure from another. All patterns of such messages are in this file.

const words =
  (pattern: RegExp) =>
  (error: Error): boolean =>
    pattern.test(error.message);

/** Memory could not be allocated. */
export const saysOutOfMemory = words(
  /out of memory|OUTOFMEMORY|Failed to allocate memory|BFCArena|bad_alloc|bad allocation|Array buffer allocation failed|MemoryError|Cannot allocate memory|failed to map segment from shared object(?!: Operation)|Memory allocation .*failed|can't allocate memory/i,
);
/** WebGPU finds no adapter: no graphics processor with a driver for it. */
export const saysNoAdapter = words(/webgpu_context|WebGPU adapter|WebGPU device/i);
/** A shared library of CUDA or cuDNN is missing, or of another version than the driver. */
export const saysLibraryMissing = words(/shared library|\.so\b|Failed to load|driver version/i);
/** The build of onnxruntime does not have the execution provider. */
export const saysNoBackend = words(/no available backend|backend not found/i);
/** The first line, which names the failure; the others are a trace. */
export const firstLine = (error: Error): string => error.message.split("\n")[0] ?? "";
