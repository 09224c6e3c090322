# What a peer is told about its one connection, and what it says about it. The
# fields of both are described in peer_native_test.go.
require 'json'
require 'socket'

SPEC = JSON.parse($stdin.gets)
REPORT = { library: '', error: '', messages: 0, ended: '', code: 0, reason: '', subprotocol: '' }
VERSION = SPEC['version']

# A message is a unit many times: text, or bytes in hexadecimal.
Message = Struct.new(:type, :data)

def message(m)
  return Message.new(:binary, [m['unit']].pack('H*') * m['times']) if m['binary']
  Message.new(:text, (m['unit'] * m['times']).b)
end

def same(got, want)
  return if got.type == want.type && got.data.b == want.data
  raise "message #{REPORT[:messages]} came back as #{got.type} of #{got.data.bytesize} bytes, " \
        "want #{want.type} of #{want.data.bytesize}"
end

def say(value)
  $stdout.puts JSON.generate(value)
  $stdout.flush
end

# listen prints the port, and gives the first connection.
def listen
  server = TCPServer.new('127.0.0.1', 0)
  say('port' => server.addr[1])
  socket = server.accept
  server.close
  socket
end

# report runs the talk, and says how it was.
def report
  begin
    yield
  rescue StandardError => e
    REPORT[:error] = "#{e.class}: #{e.message} (#{e.backtrace.first})"
  end
  say(REPORT)
end
