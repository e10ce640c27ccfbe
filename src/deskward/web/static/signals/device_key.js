// Keeps a key in this browser from the first consent on, and shows that it is here; it never leaves the browser.
readers.device_key = async ({ nonce, keys, base64url, kind }) => {
  let kept = await keys("readonly", (store) => store.get("device"));
  if (!kept) {
    const pair = await crypto.subtle.generateKey(kind, false, ["sign"]);
    kept = { name: base64url(await crypto.subtle.exportKey("raw", pair.publicKey)), key: pair.privateKey };
    await keys("readwrite", (store) => store.put(kept, "device"));
  }
  const text = new TextEncoder().encode(`device|${nonce}`);
  return { device_key: kept.name, device_signature: base64url(await crypto.subtle.sign(kind, kept.key, text)) };
};
