import { afterEach, expect, test, vi } from "vitest";

import { findPython } from "../src/python.ts";
import { isSetupError } from "../src/setup-error.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test("a machine without Python gets an error that names the remedy and that a caller can tell apart", async () => {
  vi.stubEnv("PATH", "/nowhere");
  const error: unknown = await findPython().catch((reason: unknown) => reason);
  expect(isSetupError(error) && error.reason).toBe("python-missing");
  expect(String(error)).toMatch(/Python 3\.10 or newer[^]*Install it/);
});
