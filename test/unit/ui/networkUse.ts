import ts from "typescript";

/** Names of the platform that reach the network, or report. */
const NAMES = new Set([
  "fetch",
  "XMLHttpRequest",
  "WebSocket",
  "EventSource",
  "WebTransport",
  "RTCPeerConnection",
  "sendBeacon",
  "createTelemetryLogger",
  "sendTelemetryEvent",
]);
/** Whatever object they are asked of. */
const MEMBERS = new Set(["sendBeacon", "createTelemetryLogger", "sendTelemetryEvent"]);
const GLOBALS = new Set(["globalThis", "window", "self", "global"]);
const MODULES = /^(node:)?(https?|http2|net|tls|dgram|dns|undici|ws|axios|got|node-fetch)(\/.*)?$/;

const isGlobal = (node: ts.Node): boolean =>
  ts.isIdentifier(node)
    ? GLOBALS.has(node.text)
    : (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node)) &&
      isGlobal(node.expression);

function boundIn(name: ts.BindingName | undefined, wanted: string): boolean {
  if (name === undefined) return false;
  return ts.isIdentifier(name)
    ? name.text === wanted
    : name.elements.some((each) => ts.isBindingElement(each) && boundIn(each.name, wanted));
}

function declares(statement: ts.Node, wanted: string): boolean {
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) return statement.name?.text === wanted;
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.some(({ name }) => boundIn(name, wanted));
  if (!ts.isImportDeclaration(statement)) return false;
  const { importClause: clause } = statement;
  const named = clause?.namedBindings;
  return (
    clause?.name?.text === wanted ||
    (named !== undefined &&
      (ts.isNamespaceImport(named)
        ? named.name.text === wanted
        : named.elements.some(({ name }) => name.text === wanted)))
  );
}

/** Whether a name means something of the file's own at a place. */
function isOwn(node: ts.Node, wanted: string): boolean {
  for (let at: ts.Node | undefined = node.parent; at !== undefined; at = at.parent) {
    if (ts.isFunctionLike(at) && at.parameters.some(({ name }) => boundIn(name, wanted))) return true;
    if ((ts.isFunctionExpression(at) || ts.isClassExpression(at)) && at.name?.text === wanted) return true;
    if (
      (ts.isBlock(at) || ts.isSourceFile(at) || ts.isModuleBlock(at)) &&
      at.statements.some((statement) => declares(statement, wanted))
    )
      return true;
  }
  return false;
}

/** Whether an identifier is read as a variable, and not a key, a member or a declaration. */
function isRead(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isTypeNode(parent) || ts.isQualifiedName(parent) || ts.isJSDoc(parent)) return false;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  return (
    !("name" in parent && parent.name === node) &&
    !(ts.isBindingElement(parent) && parent.propertyName === node) &&
    !ts.isImportSpecifier(parent) &&
    !ts.isLabeledStatement(parent)
  );
}

function reaches(node: ts.Node): boolean {
  if (ts.isIdentifier(node)) return NAMES.has(node.text) && isRead(node) && !isOwn(node, node.text);
  if (ts.isPropertyAccessExpression(node))
    return MEMBERS.has(node.name.text) || (NAMES.has(node.name.text) && isGlobal(node.expression));
  if (ts.isElementAccessExpression(node))
    return (
      ts.isStringLiteralLike(node.argumentExpression) &&
      (MEMBERS.has(node.argumentExpression.text) ||
        (NAMES.has(node.argumentExpression.text) && isGlobal(node.expression)))
    );
  if (ts.isVariableDeclaration(node))
    return (
      node.initializer !== undefined &&
      isGlobal(node.initializer) &&
      ts.isObjectBindingPattern(node.name) &&
      node.name.elements.some(({ propertyName, name }) => NAMES.has((propertyName ?? name).getText()))
    );
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node))
    return (
      node.moduleSpecifier !== undefined &&
      ts.isStringLiteral(node.moduleSpecifier) &&
      MODULES.test(node.moduleSpecifier.text) &&
      !(ts.isImportDeclaration(node) && node.importClause?.isTypeOnly === true)
    );
  if (!ts.isCallExpression(node)) return false;
  const [first] = node.arguments;
  const callee = node.expression;
  // However a bundle has named its require: what is called with a module's name and nothing else loads it.
  return (
    first !== undefined &&
    node.arguments.length === 1 &&
    ts.isStringLiteralLike(first) &&
    MODULES.test(first.text) &&
    (callee.kind === ts.SyntaxKind.ImportKeyword ||
      /^node:/.test(first.text) ||
      /require|getBuiltinModule|import/i.test(callee.getText().slice(-40)))
  );
}

/** Where a script reaches the network or reports to anyone, as it stands there. */
export function networkUse(name: string, text: string): string[] {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (reaches(node))
      found.push(
        `${name}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${node.getText().slice(0, 60)}`,
      );
    else node.forEachChild(visit);
  };
  visit(source);
  return found;
}
