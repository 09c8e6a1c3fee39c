/** Addresses of the page's files in the webview, and the sources that its policy allows. */
export interface PageSource {
  script: string;
  style: string;
  cspSource: string;
  nonce: string;
  language: string;
  run: string;
}

/** Hash of an empty style element: the toolkit adds one at its start. */
const EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";

/** The page's document; its policy allows the one script with this nonce, and loads nothing from elsewhere. */
export function pageHtml({ script, style, cspSource, nonce, language, run }: PageSource): string {
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}' ${EMPTY_STYLE} ${cspSource}; font-src ${cspSource}; img-src ${cspSource} data:`;
  return `<!DOCTYPE html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" nonce="${nonce}" href="${style}">
<title>ADePT</title>
</head>
<body data-run="${run.replace(/[^\w.-]/g, "")}"><main></main><script nonce="${nonce}" src="${script}"></script></body>
</html>`;
}
