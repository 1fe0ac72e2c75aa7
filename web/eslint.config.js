import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

// Imports point one way: shared <- features <- app. Features do not know each other.
const arrows = (folder, forbidden) => ({
  files: [`src/${folder}/**/*.{ts,tsx}`],
  rules: { "no-restricted-imports": ["error", { patterns: forbidden }] },
});

export default tseslint.config(
  ...tseslint.configs.recommended,
  {
    plugins: { "react-hooks": hooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
    },
  },
  arrows("shared", ["@/features/*", "@/app/*"]),
  arrows("features", ["@/app/*", "@/features/*"]),
);
