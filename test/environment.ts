// As bin/halonet.cjs does, for sessions that tests open in mocha's own process.
process.env.ORT_DISABLE_TELEMETRY = '1';

// Colours and widths set by a shell or by CI would change the output that tests expect.
for (const name of ['NO_COLOR', 'FORCE_COLOR', 'COLUMNS']) delete process.env[name];
