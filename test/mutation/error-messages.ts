/**
 * Leaves the wording of error messages unchanged: what tests and callers hold on to is an error's
 * code. Codes are mutated, and so is every text that stands anywhere else, the prefixes of what is
 * hashed and signed among them; so is what a message computes.
 */
type Path = { node: Node; parentPath: Path | null };
type Node = {
  type: string;
  value?: unknown;
  expressions?: Node[];
  callee?: { name?: string };
};

const CODE = /^[A-Z_]+$/;
const NO_OPERATORS = ['Identifier', 'MemberExpression', 'CallExpression'];

function isWording({ type, value, expressions = [] }: Node): boolean {
  if (type === 'StringLiteral') return !CODE.test(String(value));
  return type === 'TemplateLiteral' && expressions.every(({ type }) => NO_OPERATORS.includes(type));
}

function standsInError({ node, parentPath }: Path): boolean {
  if (node.type === 'ThrowStatement') return true;
  if (node.type === 'NewExpression' && node.callee?.name?.endsWith('Error')) return true;
  return parentPath !== null && standsInError(parentPath);
}

export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'error-messages',
    value: {
      shouldIgnore: (path: Path) =>
        isWording(path.node) && standsInError(path) ? 'wording of an error message' : undefined,
    },
  },
];
