import { root } from "../packages/public-packages.ts";
import { testPages } from "./pages.ts";

testPages({ from: root, source: true });
