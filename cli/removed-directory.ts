// A shell may stand in a directory that has been removed. process.cwd() throws there, and yargs calls it when
// it is imported, so that no command would get far enough to say anything. This has to be imported before.
const currentDirectory = process.cwd;

process.cwd = () => {
  try {
    return currentDirectory();
  } catch (error) {
    // The shell still knows what the directory was called.
    const name = process.env['PWD'];
    if (name === undefined) throw error;
    return name;
  }
};
