// WebSockets of the browser for WebGlSocket.cs. Callbacks take the socket's number first.
var EmoMotionSocket = {
  $EmoMotionSockets: { next: 1, open: {} },

  EmoMotionSocketOpen: function (address, subprotocol, opened, received, closed) {
    var id = EmoMotionSockets.next++;
    var socket = new WebSocket(UTF8ToString(address), UTF8ToString(subprotocol));
    socket.binaryType = "arraybuffer";
    EmoMotionSockets.open[id] = socket;
    socket.onopen = function () { {{{ makeDynCall("vi", "opened") }}}(id); };
    socket.onmessage = function (event) {
      if (!(event.data instanceof ArrayBuffer)) return;
      var bytes = new Uint8Array(event.data);
      var place = _malloc(bytes.length);
      HEAPU8.set(bytes, place);
      try {
        {{{ makeDynCall("viii", "received") }}}(id, place, bytes.length);
      } finally {
        _free(place);
      }
    };
    socket.onclose = function (event) {
      delete EmoMotionSockets.open[id];
      {{{ makeDynCall("vii", "closed") }}}(id, event.code);
    };
    return id;
  },

  EmoMotionSocketSend: function (id, data, offset, count, text) {
    var socket = EmoMotionSockets.open[id];
    if (!socket || socket.readyState !== 1) return;
    var bytes = HEAPU8.slice(data + offset, data + offset + count);
    socket.send(text ? new TextDecoder().decode(bytes) : bytes);
  },

  EmoMotionSocketClose: function (id) {
    var socket = EmoMotionSockets.open[id];
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    delete EmoMotionSockets.open[id];
    socket.close();
  },
};

autoAddDeps(EmoMotionSocket, "$EmoMotionSockets");
mergeInto(LibraryManager.library, EmoMotionSocket);
