/** Gives what puts folder and variables of this process back to what they are now. */
export function rememberProcess(): () => void {
  const directory = process.cwd();
  const variables = { ...process.env };
  return () => {
    process.chdir(directory);
    for (const name of Object.keys(process.env)) if (!(name in variables)) delete process.env[name];
    Object.assign(process.env, variables);
  };
}
