import ts from "typescript";

/** Names of CSS that stand for one colour; CanvasText and its like are the reader's own. */
const NAMED =
  "black|white|red|green|blue|yellow|orange|purple|gr[ae]y|silver|maroon|navy|teal|olive|lime|aqua|cyan|fuchsia|magenta|pink|brown|gold|indigo|violet|crimson|salmon|coral|tomato|tan|khaki|beige|ivory|(?:light|dark|medium|deep|pale)(?:gr[ae]y|blue|green|red|orange|yellow)\\w*";
const VALUE = new RegExp(
  `#[0-9a-f]{3,8}\\b|\\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\\(|(?<![\\w-])(?:${NAMED})(?![\\w-])`,
  "i",
);
const FUNCTION = /\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\(|#[0-9a-f]{3,8}\b/i;
/** Properties whose value is a colour. */
const COLOURED = /colou?r$|^(fill|stroke|background|border|outline|shadow)(Style|Color)?$/i;

/** Colours that a style sheet has of its own: in values, not in selectors or the names of variables. */
export function coloursOfCss(text: string): string[] {
  const values = text.replace(/\/\*[^]*?\*\//g, "").matchAll(/[\w-]+\s*:\s*([^;{}]+)(?=[;}])/g);
  return [...values].flatMap(([whole, value = ""]) =>
    VALUE.test(value.replace(/--[\w-]+/g, "").replace(/"[^"]*"/g, "")) ? [whole.trim()] : [],
  );
}

/** Colours that a script has of its own: written as such anywhere, or by name where a colour is set. */
export function coloursOfScript(name: string, text: string): string[] {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const isSet = (node: ts.Node): boolean => {
    const { parent } = node;
    if (ts.isPropertyAssignment(parent)) return COLOURED.test(parent.name.getText().replace(/["']/g, ""));
    return (
      ts.isBinaryExpression(parent) &&
      parent.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
      ts.isPropertyAccessExpression(parent.left) &&
      COLOURED.test(parent.left.name.text)
    );
  };
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
      const written = node.getText();
      if (FUNCTION.test(written) || (isSet(node) && VALUE.test(written)))
        found.push(`${name}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${written}`);
    }
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}
