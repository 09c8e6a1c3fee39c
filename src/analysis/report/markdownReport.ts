import type { Block } from "./blocks.ts";

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** Writes a report in Markdown. Figures are left out: tables have the same numbers. */
export function markdownReport(blocks: readonly Block[]): string {
  return `${blocks
    .flatMap((block) => {
      switch (block.kind) {
        case "heading":
          return [`${"#".repeat(block.level)} ${block.text}`];
        case "text":
          return [block.text];
        case "table":
          return [
            [
              `*${block.caption}*`,
              "",
              `| ${block.header.map(cell).join(" | ")} |`,
              `|${block.header.map((_, i) => (i === 0 ? "---|" : "---:|")).join("")}`,
              ...block.rows.map((row) => `| ${row.map(cell).join(" | ")} |`),
            ].join("\n"),
          ];
        case "forest":
        case "lines":
          return [];
      }
    })
    .join("\n\n")}\n`;
}
