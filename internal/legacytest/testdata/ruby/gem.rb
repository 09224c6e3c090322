# The gem websocket as a peer in both roles. It makes and parses handshakes and
# frames; sockets are this program's, used as its README.md does: what has come
# is handed over until it says `finished?`.
require 'websocket'
require 'websocket/version'
require_relative 'spec'

WebSocket.should_raise = true
REPORT[:library] = WebSocket::VERSION

# Talk is a connection after its handshake.
class Talk
  def initialize(socket, role)
    @socket = socket
    @out = role == 'client' ? WebSocket::Frame::Outgoing::Client : WebSocket::Frame::Outgoing::Server
    @in = (role == 'client' ? WebSocket::Frame::Incoming::Client : WebSocket::Frame::Incoming::Server).new(version: VERSION)
  end

  def send(message)
    @socket.write(frame(message).to_s)
  end

  def frame(message, **more)
    @out.new(version: VERSION, type: message.type, data: message.data, **more)
  end

  # receive is the next message, or nil after a close frame or the stream's end.
  def receive
    loop do
      got = @in.next
      case got && got.type
      when nil
        @in << @socket.readpartial(65_536)
      when :close
        # In hixie-75 FF 00 is a frame without content, to be discarded; the gem
        # takes it for a close frame there too.
        REPORT[:ended] = 'close'
        REPORT[:code] = got.code || 0
        REPORT[:reason] = got.data.to_s.dup.force_encoding('UTF-8')
        return nil
      when :ping
        send(Message.new(:pong, got.data))
      when :pong
      else
        return got
      end
    end
  rescue EOFError
    REPORT[:ended] = 'eof' if REPORT[:ended].empty?
    nil
  end

  def close(code, reason)
    @socket.write(frame(Message.new(:close, reason), code: VERSION < 75 && code > 0 ? code : nil).to_s)
  end

  # finish closes or waits for the other side's close, and answers it.
  def finish
    if SPEC['peerCloses']
      close(SPEC['code'], SPEC['reason'])
      return @socket.close if VERSION == 75 # it has no answer
      raise 'a message where a close frame was due' if receive
    else
      raise 'a message where the end was due' if receive
      close(REPORT[:code], REPORT[:reason]) if REPORT[:ended] == 'close' && VERSION != 75
    end
    @socket.close_write unless REPORT[:ended] == 'eof'
    @socket.read
  rescue Errno::EPIPE, Errno::ECONNRESET, Errno::ENOTCONN
    # The other side may have gone.
  ensure
    @socket.close
  end
end

def client
  socket = TCPSocket.new('127.0.0.1', SPEC['port'])
  offered = SPEC['offers'] || []
  handshake = WebSocket::Handshake::Client.new(url: "ws://127.0.0.1:#{SPEC['port']}/chat?room=1", version: VERSION,
                                               origin: SPEC['origin'], protocols: offered)
  socket.write(handshake.to_s)
  handshake << socket.readpartial(65_536) until handshake.finished?
  raise 'the answer is not valid' unless handshake.valid?
  name = VERSION == 75 ? 'websocket-protocol' : 'sec-websocket-protocol'
  REPORT[:subprotocol] = handshake.headers[name] || ''
  talk = Talk.new(socket, 'client')
  (SPEC['batches'] || []).each do |batch|
    sent = batch.map { |m| message(m) }
    sent.each { |m| talk.send(m) }
    sent.each do |want|
      got = talk.receive
      raise "the connection ended (#{REPORT[:ended]} #{REPORT[:code]}) before an echo" unless got
      same(got, want)
      REPORT[:messages] += 1
    end
  end
  talk.finish
end

def server
  socket = listen
  handshake = WebSocket::Handshake::Server.new(protocols: SPEC['offers'] || [])
  handshake << socket.readpartial(65_536) until handshake.finished?
  raise 'the request is not valid' unless handshake.valid?
  raise "the request has version #{handshake.version}" unless handshake.version == VERSION
  socket.write(handshake.to_s)
  talk = Talk.new(socket, 'server')
  SPEC['messages'].times do
    got = talk.receive
    raise "the connection ended (#{REPORT[:ended]} #{REPORT[:code]}) before a message" unless got
    talk.send(Message.new(got.type, got.data))
    REPORT[:messages] += 1
  end
  talk.finish
end

report { SPEC['role'] == 'client' ? client : server }
