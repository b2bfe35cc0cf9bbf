// As bin/halonet.cjs does, for sessions and clients that tests open in mocha's own process.
process.env.ORT_DISABLE_TELEMETRY = '1';
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

// Colours and widths set by a shell or by CI would change the output that tests expect.
for (const name of ['NO_COLOR', 'FORCE_COLOR', 'COLUMNS']) delete process.env[name];
