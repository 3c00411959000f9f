import type { SerializedError } from "vitest";
import type { Reporter, TestModule, TestRunEndReason } from "vitest/node";

/**
 * Ends a run with one plain line: `N passed, N failed`, and `, N skipped` where there are any.
 *
 * An error outside of a test (a set-up, a file that does not load, a hook, an unhandled rejection) counts as a failed test.
 */
export function summaryReporter(): Reporter {
  return {
    onTestRunEnd(
      modules: readonly TestModule[],
      unhandledErrors: readonly SerializedError[],
      reason: TestRunEndReason,
    ) {
      const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
      for (const module of modules) {
        count.failed += module.errors().length;
        for (const suite of module.children.allSuites()) count.failed += suite.errors().length;
        for (const test of module.children.allTests()) count[test.result().state]++;
      }
      if (reason !== "passed") count.failed ||= 1;
      const skipped = count.skipped + count.pending;
      // After the other reporters, which print at this same event.
      setImmediate(() => {
        console.log(`${count.passed} passed, ${count.failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
      });
    },
  };
}
