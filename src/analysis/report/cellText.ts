/** Whether a cell begins with a number, as those of columns that are aligned right do. */
export const isNumber = (text: string): boolean => /^[<−±+-]? ?[\d.,]+( ?%)?/.test(text);
