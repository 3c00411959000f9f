console.error("The demo is still to come.");
process.exitCode = 1;
