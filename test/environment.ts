// As bin/halonet.cjs does, for the sessions that tests open in mocha's own process.
process.env.ORT_DISABLE_TELEMETRY = '1';
