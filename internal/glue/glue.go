// Package glue is the part of a Socket of package jsws that JavaScript runs, as
// a WebAssembly module in bytes: its listeners, the queue of events, and the
// copying of messages into one memory, from which Go takes many at once. To
// enter Go costs 7 us and an object handed to Go 2 us: a message should need
// neither.
//
// It is WebAssembly, because a Content Security Policy that lets Go run
// ('wasm-unsafe-eval') lets another module run, but no source of JavaScript
// ('unsafe-eval'). All it does is call built-in functions, which it imports. It
// needs WebAssembly 2.0 and its legacy exception handling, to catch what
// JavaScript throws: Chrome 96, Firefox 100, Safari 15.2, Node.js 17.2, or
// later.
//
// Each Socket has an instance of its own; they share the memory. The file
// glue.wasm of the repository's root is the same module, for platforms where
// nothing is compiled at run time.
package glue

const (
	MemorySize = 1 << 20  // 16 pages
	BatchSize  = 64 << 10 // the part that drain puts records into
	SmallSize  = 4 << 10  // the largest message with its bytes in its record: bytes, or UTF-16 units
	HeaderSize = 8        // of a record
)

// What drain is told and does then: how the next message wakes Go.
const (
	ArmedNot = iota
	ArmedNow
	ArmedLater
)

// The imports, in the order of their indices: functions of the Socket,
// functions of all Sockets, values, the memory.
const (
	fnSend   = "\x00" // (data): the socket's send
	fnWake   = "\x01" // (): enters Go at once. Exported, to be called with no event
	fnLater  = "\x02" // (): enters Go in a task of its own. Exported too
	fnData   = "\x03" // (MessageEvent, key) value: the getter of data, or fnRead; throws for others
	fnGet    = "\x04" // (object, key) integer: Reflect.get; undefined is 0
	fnObject = "\x05" // (value) object: Object
	fnSame   = "\x06" // (value, value) integer: Object.is
	fnList   = "\x07" // (value) array: Array.of
	fnView   = "\x08" // (array of a value) Uint8Array: Reflect.construct
	fnBytes  = "\x09" // (ArrayBuffer) integer: the getter of byteLength; throws for all else
	fnEncode = "\x0a" // (string, Uint8Array) object: encodeInto of a TextEncoder
	fnDecode = "\x0b" // (Uint8Array) string: decode of a TextDecoder
	fnSet    = "\x0c" // (Uint8Array, offset): set of the memory
	fnSlice  = "\x0d" // (begin, end) Uint8Array: subarray of the memory
	fnRead   = "\x0e" // (object, key) value: Reflect.get

	keyLength  = "\x00"
	keyWritten = "\x01"
	keyData    = "\x02"
)

// The instance's state, and those of its functions that others call.
const (
	head  = "\x03" // the queue stands in the first table from head
	tail  = "\x04" // to tail, exclusively
	armed = "\x05" // what the next message does: ArmedNot, ArmedNow, ArmedLater
	over  = "\x06" // 1 after stop
	free  = "\x07" // below it all slots of the second table are taken, by kept messages
	sent  = "\x08" // how long the message sent last was, -1 before
	bytes = "\x09" // the memory's first bytes, as many

	fnPush  = "\x0f"
	fnKeep  = "\x10"
	fnFetch = "\x11"
)

// push (x): appends x to the queue, before stop.
const bodyPush = "\x00" +
	globalGet + over + ifThen + none + ret + end +
	globalGet + tail + tableSize + i32Eq + ifThen + none + // full: twice as large
	refNull + tableSize + tableGrow + drop +
	end +
	globalGet + tail + localGet + "\x00" + tableSet +
	globalGet + tail + i32One + i32Add + globalSet + tail +
	end

// keep (x) slot: puts x into the lowest slot that is free.
const bodyKeep = "\x01\x01" + i32 + // local 1: slot
	globalGet + free + localSet + "\x01" +
	block + none + loop + none +
	localGet + "\x01" + keptSize + i32Eq + ifThen + none + // full: twice as large
	refNull + keptSize + keptGrow + drop +
	end +
	localGet + "\x01" + keptGet + refIsNull + brIf + "\x01" +
	localGet + "\x01" + i32One + i32Add + localSet + "\x01" +
	br + "\x00" + end + end +
	localGet + "\x01" + localGet + "\x00" + keptSet +
	localGet + "\x01" + i32One + i32Add + globalSet + free +
	localGet + "\x01" +
	end

// fetch (slot) x: takes x out of its slot; null after forget.
const bodyFetch = "\x01\x01" + externref + // local 1: x
	localGet + "\x00" + keptGet + localSet + "\x01" +
	localGet + "\x00" + refNull + keptSet +
	localGet + "\x00" + globalGet + free + i32LtU + ifThen + none +
	localGet + "\x00" + globalSet + free +
	end +
	localGet + "\x01" +
	end

// onMessage (event): the listener of "message". It queues the data and wakes Go
// when it was asked to.
//
// An event of a class that is not the platform's own (a polyfill's, a mock's, a
// Proxy) has its data elsewhere than where the platform's getter looks, which
// throws then; and its own getter may throw. Nothing catches what a listener
// throws: in Node.js it ends the process. Data that cannot be read, or is null,
// becomes an object: a null says that an event follows.
const bodyOnMessage = "\x01\x01" + i32 + // local 1: what is armed
	tryBlock + externref +
	tryBlock + externref +
	localGet + "\x00" + globalGet + keyData + call + fnData +
	catchAll + localGet + "\x00" + globalGet + keyData + call + fnRead + end +
	catchAll + refNull + end +
	localTee + "\x00" + refIsNull + ifThen + none + localGet + "\x00" + call + fnObject + localSet + "\x00" + end +
	localGet + "\x00" + call + fnPush +
	globalGet + armed + localSet + "\x01" +
	i32Zero + globalSet + armed +
	localGet + "\x01" + i32One + i32Eq + ifThen + none + call + fnWake + end +
	localGet + "\x01" + i32Two + i32Eq + ifThen + none + call + fnLater + end +
	end

// onEvent (event): the listener of the others, which queues a null and the
// event. They come once each, and wake Go always.
const bodyOnEvent = "\x00" +
	refNull + call + fnPush +
	localGet + "\x00" + call + fnPush +
	i32Zero + globalSet + armed +
	globalGet + over + ifThen + none + ret + end +
	call + fnWake +
	end

// stop (): empties the queue for good; nothing enters Go any more.
const bodyStop = "\x00" +
	i32One + globalSet + over +
	i32Zero + globalSet + armed +
	i32Zero + globalSet + head + i32Zero + globalSet + tail +
	i32Zero + refNull + tableSize + tableFill +
	end

// forget (): drops the messages that are kept.
const bodyForget = "\x00" +
	i32Zero + globalSet + free +
	i32Zero + refNull + keptSize + keptFill +
	end

// take () value: takes the oldest off the queue, null when it is empty.
const bodyTake = "\x01\x01" + externref + // local 0: it
	globalGet + head + globalGet + tail + i32Eq + ifThen + none + refNull + ret + end +
	globalGet + head + tableGet + localSet + "\x00" +
	globalGet + head + refNull + tableSet +
	globalGet + head + i32One + i32Add + globalSet + head +
	localGet + "\x00" +
	end

// drain (arm) size: takes messages off the queue for as long as there is room
// for their records, and no other event and no data comes between but strings
// and ArrayBuffers with something in them. A
// record begins with 4 bytes of 4*slot, plus 2 if the message is kept in that
// slot, plus 1 if it is text, and 4 bytes of its length; unless it is kept its
// bytes follow. The result is 2*(bytes of all records), plus 1 if there is more
// in the queue; if not, arm is what the next message does.
const bodyDrain = "\x02\x03" + i32 + "\x02" + externref + // locals 1, 2, 3: size, length, kind; 4, 5: data, as an object
	block + none + loop + none +
	globalGet + head + globalGet + tail + i32Eq + ifThen + none + // the queue is empty
	i32Zero + globalSet + head + i32Zero + globalSet + tail +
	localGet + "\x00" + globalSet + armed +
	localGet + "\x01" + i32One + i32Shl + ret +
	end +
	localGet + "\x01" + i32Most + i32GtU + brIf + "\x01" +

	globalGet + head + tableGet + localTee + "\x04" + call + fnObject + localTee + "\x05" +
	localGet + "\x04" + call + fnSame + ifThen + none + // an object: only an ArrayBuffer has bytes
	tryBlock + i32 + localGet + "\x04" + call + fnBytes + catchAll + i32Zero + end + localSet + "\x02" +
	i32Zero + localSet + "\x03" +
	otherwise + // a string; null, a number and such have no length
	localGet + "\x05" + globalGet + keyLength + call + fnGet + localSet + "\x02" +
	i32One + localSet + "\x03" +
	end +
	localGet + "\x02" + i32Eqz + brIf + "\x01" +

	localGet + "\x02" + i32Small + i32GtU + ifThen + none + // kept
	localGet + "\x01" + localGet + "\x02" + storeLength +
	localGet + "\x01" + localGet + "\x04" + call + fnKeep + i32Two + i32Shl + i32Two + i32Or + localGet + "\x03" + i32Or + storeKind +
	i32Zero + localSet + "\x02" +
	otherwise +
	localGet + "\x03" + ifThen + none +
	localGet + "\x04" + localGet + "\x01" + i32Header + i32Add + i32Batch + call + fnSlice +
	call + fnEncode + globalGet + keyWritten + call + fnGet + localSet + "\x02" +
	otherwise +
	localGet + "\x04" + call + fnList + call + fnView + localGet + "\x01" + i32Header + i32Add + call + fnSet +
	end +
	localGet + "\x01" + localGet + "\x02" + storeLength +
	localGet + "\x01" + localGet + "\x03" + storeKind +
	end +

	globalGet + head + refNull + tableSet +
	globalGet + head + i32One + i32Add + globalSet + head +
	localGet + "\x01" + localGet + "\x02" + i32Add + i32Header + i32Add + localSet + "\x01" +
	br + "\x00" + end + end +
	localGet + "\x01" + i32One + i32Shl + i32One + i32Or +
	end

// load (slot, text) length: puts a kept message's bytes into the memory, which
// has room for them. The result is -1 after forget.
const bodyLoad = "\x01\x01" + externref + // local 2: data
	localGet + "\x00" + call + fnFetch + localTee + "\x02" + refIsNull + ifThen + none + i32Minus + ret + end +
	localGet + "\x01" + ifThen + none +
	localGet + "\x02" + i32Zero + i32Memory + call + fnSlice + call + fnEncode + globalGet + keyWritten + call + fnGet + ret +
	end +
	localGet + "\x02" + call + fnList + call + fnView + i32Zero + call + fnSet +
	localGet + "\x02" + call + fnBytes +
	end

// send (length, text): sends the memory's first bytes, as text when text is not
// 0. The Uint8Array over them is made anew when the length is another.
const bodySend = "\x01\x01" + externref + // local 2: data
	localGet + "\x00" + globalGet + sent + i32Eq + i32Eqz + ifThen + none +
	i32Zero + localGet + "\x00" + call + fnSlice + globalSet + bytes +
	localGet + "\x00" + globalSet + sent +
	end +
	globalGet + bytes + localSet + "\x02" +
	localGet + "\x01" + ifThen + none + localGet + "\x02" + call + fnDecode + localSet + "\x02" + end +
	localGet + "\x02" + call + fnSend +
	end
