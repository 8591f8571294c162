// Opens the secret storage of an account with its recovery key, as a client does.
// Arguments: homeserver, user id, token, device id, recovery key.
// Prints one line of JSON: the three cross-signing secrets, in unpadded base64.
import { createClient } from "matrix-js-sdk";
import { decodeRecoveryKey } from "matrix-js-sdk/lib/crypto-api/index.js";

for (const level of ["log", "info", "warn", "debug"]) console[level] = () => {};

const [baseUrl, userId, accessToken, deviceId, recoveryKey] = process.argv.slice(2);
const getSecretStorageKey = async ({ keys }) => [Object.keys(keys)[0], decodeRecoveryKey(recoveryKey)];
const client = createClient({
    baseUrl,
    userId,
    accessToken,
    deviceId,
    cryptoCallbacks: { getSecretStorageKey },
});
const [id, description] = await client.secretStorage.getKey();
const found = { right: await client.secretStorage.checkKey(decodeRecoveryKey(recoveryKey), description) };
for (const usage of ["master", "self_signing", "user_signing"]) {
    found[usage] = await client.secretStorage.get(`m.cross_signing.${usage}`);
}
process.stdout.write(JSON.stringify({ ...found, id }) + "\n");
process.exit(0);
