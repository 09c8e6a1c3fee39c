/** Whether a backbone is named as a GGUF file, and not as a folder. */
export const isGgufName = (backbone: string): boolean => /\.gguf$/i.test(backbone);
