// Listens for GELF over UDP on the port that is given and prints every message as a line of JSON.
const reader = require("graygelf/server")();

reader.on("message", (message) => console.log(JSON.stringify(message)));
reader.on("error", (error) => { console.error(String(error)); process.exit(1); });
reader.listen(Number(process.argv[2]), "127.0.0.1");
reader._udp.on("listening", () => console.log("ready"));
