import { tableToMarkdown } from "../../figure/tableText.ts";
import { markdownCell as cell, markdownLine, markdownText } from "../../base/text/markdownText.ts";
import type { Block, FigureBlock } from "./blocks.ts";
import { MOST_ROWS } from "./figureBlock.ts";

/** The picture, its note, and its table, or where that is long the file that it is in. */
function markdownFigure({ name, spec, source }: FigureBlock, folder: string): string {
  const file = `${encodeURIComponent(folder)}/${name}`;
  const table = spec.table();
  const picture = spec.plot === undefined ? [] : [`![${markdownText(spec.title.replace(/[[\]]/g, ""))}](${file}.svg)`];
  const caption = [`${spec.title}.`, spec.note, source].filter((text) => text !== "").join(" ");
  return [
    ...picture,
    table.rows.length > MOST_ROWS
      ? `*${markdownText(caption)}* [Table of ${table.rows.length} rows](${file}.csv)`
      : tableToMarkdown(table, caption).trimEnd(),
  ].join("\n\n");
}

/**
 * Writes a report in Markdown.
 * @param folder of the figures' files, from where the report is
 */
export function markdownReport(blocks: readonly Block[], folder: string): string {
  return `${blocks
    .map((block) => {
      switch (block.kind) {
        case "heading":
          return `${"#".repeat(block.level)} ${markdownText(block.text)}`;
        case "text":
          return markdownLine(block.text);
        case "list":
          return block.items.map((item) => `- ${markdownLine(item)}`).join("\n");
        case "table":
          return [
            `*${markdownText(block.caption)}*`,
            "",
            `| ${block.header.map(cell).join(" | ")} |`,
            `|${block.header.map((_, i) => (i === 0 ? "---|" : "---:|")).join("")}`,
            ...block.rows.map((row) => `| ${row.map(cell).join(" | ")} |`),
          ].join("\n");
        case "figure":
          return markdownFigure(block, folder);
      }
    })
    .join("\n\n")}\n`;
}
