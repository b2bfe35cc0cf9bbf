const OWN = /^(AWS_|no_proxy$)/i;

/** Gives the tests of a suite only these settings of AWS, whatever the machine has. */
export function withAwsEnvironment(settings: Readonly<Record<string, string>>): void {
  const before = Object.entries(process.env).filter(([name]) => OWN.test(name));
  const clear = () => {
    for (const name of Object.keys(process.env)) if (OWN.test(name)) delete process.env[name];
  };
  beforeEach(() => {
    clear();
    Object.assign(process.env, {
      AWS_CONFIG_FILE: '/nonexistent',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      ...settings,
    });
  });
  after(() => {
    clear();
    Object.assign(process.env, Object.fromEntries(before));
  });
}
