// A Matrix client that reads only what a device vouched for by its owner wrote.
// Arguments: homeserver, user id, token, device id, room id, number of messages.
// Prints {"ready": true} once synchronised, then one line of JSON per encrypted message of
// somebody else: {"sender", "body", "failure", "shield"} (shield 0: none).
import { ClientEvent, MatrixEventEvent, SyncState, createClient } from "matrix-js-sdk";
import { OnlySignedDevicesIsolationMode } from "matrix-js-sdk/lib/crypto-api/index.js";

// Node 20 lacks it; the SDK asks for 22 and needs nothing else of it.
Promise.withResolvers ??= function () {
    const made = {};
    made.promise = new this((resolve, reject) => Object.assign(made, { resolve, reject }));
    return made;
};

for (const level of ["log", "info", "warn", "debug"]) console[level] = () => {};

const GIVE_UP = 60000; // milliseconds
const [baseUrl, userId, accessToken, deviceId, roomId, count] = process.argv.slice(2);
const client = createClient({ baseUrl, userId, accessToken, deviceId });
await client.initRustCrypto({ useIndexedDB: false });
const crypto = client.getCrypto();
crypto.setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const told = new Set();
client.on(MatrixEventEvent.Decrypted, async (event) => {
    const reason = event.decryptionFailureReason ?? "";
    const waiting = reason.startsWith("MEGOLM") || reason.startsWith("OLM"); // its key is on the way
    if (event.getRoomId() !== roomId || event.getSender() === userId || waiting) return;
    if (told.has(event.getId())) return;
    told.add(event.getId());
    const seen = await crypto.getEncryptionInfoForEvent(event);
    say({
        sender: event.getSender(),
        body: event.getContent().body,
        failure: reason,
        shield: seen?.shieldColour ?? null,
    });
    if (told.size >= Number(count)) process.exit(0);
});
client.on(ClientEvent.Sync, (state) => {
    if (state === SyncState.Prepared) say({ ready: true });
});
setTimeout(() => process.exit(1), GIVE_UP);
await client.startClient({ initialSyncLimit: 50 });
