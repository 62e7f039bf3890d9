import { main } from './cli.js';

// What launch() starts: beside the compiled launch.js wherever that is.
main(process.argv.slice(2));
