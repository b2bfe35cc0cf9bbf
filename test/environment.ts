// As bin/halonet.cjs does, for the sessions that tests open in mocha's own process.
process.env.ORT_DISABLE_TELEMETRY = '1';

// What a shell or a CI sets for colours and widths is not what tests expect.
for (const name of ['NO_COLOR', 'FORCE_COLOR', 'COLUMNS']) delete process.env[name];
