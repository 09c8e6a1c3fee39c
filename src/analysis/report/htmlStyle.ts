import { COLOURS, INK } from "../../figure/seriesStyle.ts";
import { escapeHtml } from "./escapeHtml.ts";

const LIGHT = `--text:${INK.text};--grid:${INK.grid};--paper:#fff;--quiet:#555;${COLOURS.map(({ name, light }) => `--${name}:${light};`).join("")}`;
const DARK = `--text:#e6e6e6;--grid:#4a4a4a;--paper:#1b1b1b;--quiet:#aaa;${COLOURS.map(({ name, dark }) => `--${name}:${dark};`).join("")}`;

/** The report's style: wide tables scroll on a screen and break on paper, which is always light. */
export const STYLE = `:root{color-scheme:light dark;${LIGHT}}
@media screen and (prefers-color-scheme:dark){:root{${DARK}}}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:var(--text);background:var(--paper)}
table{border-collapse:collapse;margin:.5rem 0 1.5rem;font-variant-numeric:tabular-nums}caption{text-align:left;font-weight:600;padding:.25rem 0}
th,td{padding:.2rem .7rem;border-bottom:1px solid var(--grid);text-align:left;vertical-align:top}td.n,th.n{text-align:right}td.n,td.s{white-space:nowrap}td:first-child{white-space:nowrap}
figure{margin:1.5rem 0}figcaption{font-weight:600}.note{color:var(--quiet);font-size:13px;margin:.25rem 0}summary{cursor:pointer}
.wide{overflow-x:auto}.paper{display:none}svg{display:block;max-width:100%;height:auto}
@media print{body{max-width:none;margin:0;font-size:10pt}.wide{overflow:visible}table{font-size:7.5pt;width:100%}td.s,td:first-child,th{white-space:normal;overflow-wrap:break-word}th,td{padding:.1rem .3rem}.screen{display:none}.paper{display:block}
thead{display:table-header-group}tr,svg,figcaption{break-inside:avoid}h1,h2,h3,figcaption,caption{break-after:avoid}details{display:none}}`;

/** A picture's colours as the page's own, so that it follows the theme, with words for those who do not see it. */
export const themed = (svg: string, description: string): string =>
  [
    ...COLOURS.map(({ name, light }) => [light, name] as const),
    [INK.text, "text"] as const,
    [INK.grid, "grid"] as const,
  ]
    .reduce((text, [colour, name]) => text.replaceAll(`"${colour}"`, `"var(--${name})"`), svg)
    .replace("<svg ", `<svg role="img" aria-label="${escapeHtml(description)}" `);
