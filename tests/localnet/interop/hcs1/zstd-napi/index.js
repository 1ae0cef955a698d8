// Stands in for the npm package zstd-napi, which has to be compiled: the two functions that @hiero-did-sdk/zstd calls of
// it, by the Python that is named in PYTHON, with the libzstd of backports.zstd.
const { spawnSync } = require("node:child_process");

function zstd(verb, data) {
  const program = `import sys; from backports import zstd; sys.stdout.buffer.write(zstd.${verb}(sys.stdin.buffer.read()))`;
  const done = spawnSync(process.env.PYTHON, ["-c", program], { input: data, maxBuffer: 2 ** 26 });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(done.stderr.toString());
  return done.stdout;
}

module.exports = { compress: (data) => zstd("compress", data), decompress: (data) => zstd("decompress", data) };
