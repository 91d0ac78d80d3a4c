// The peer in Go: grpc-go, a map from the question to the answer's bytes, and nothing else.
//
//	lookup ADDRESS ANSWERS [CERTIFICATE KEY CLIENT_CA]      (without the last three: plaintext)
//
// As grpc-go documents it fastest: NumStreamWorkers, SharedWriteBuffer, a shared buffer pool for what is received, windows
// that are given (no bandwidth probing), and a codec that neither parses nor copies. The collector runs seldom: the
// answers lie in mapped memory that it never looks at.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/status"
)

const (
	collectAt = 400      // per cent of what is alive
	buffer    = 64 << 10 // bytes
	window    = 4 << 20  // bytes
)

var answers map[string][]byte

// load reads "RONDAA1\0" | u32 count | u32 0 | count x (u32 size of key | u32 size of answer | key | answer).
func load(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	found, err := file.Stat()
	if err != nil {
		return err
	}
	mapped, err := syscall.Mmap(int(file.Fd()), 0, int(found.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE|syscall.MAP_POPULATE)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(mapped, []byte("RONDAA1\x00")) {
		return errors.New("no answers")
	}
	count := binary.LittleEndian.Uint32(mapped[8:])
	answers = make(map[string][]byte, count)
	at := mapped[16:]
	for ; count > 0; count-- {
		key, answer := binary.LittleEndian.Uint32(at), binary.LittleEndian.Uint32(at[4:])
		answers[string(at[8:8+key])] = at[8+key : 8+key+answer]
		at = at[8+key+answer:]
	}
	return nil
}

// lookupCodec finds the answer while it "decodes": what was received may be used again once that is done.
type lookupCodec struct{}

func (lookupCodec) Name() string { return "proto" }

func (lookupCodec) Marshal(message any) ([]byte, error) { return *message.(*[]byte), nil }

// Unmarshal skips field 1 (the context, below 128 bytes); the key is all that follows.
func (lookupCodec) Unmarshal(data []byte, message any) error {
	if len(data) < 2 || data[0] != 0x0a || len(data) < 2+int(data[1]) {
		return errors.New("no context")
	}
	*message.(*[]byte) = answers[string(data[2+int(data[1]):])]
	return nil
}

func check(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	found := new([]byte)
	if err := decode(found); err != nil {
		return nil, err
	}
	if *found == nil {
		return nil, status.Error(codes.NotFound, "not on file")
	}
	return found, nil
}

func secured(words []string) (credentials.TransportCredentials, error) {
	pair, err := tls.LoadX509KeyPair(words[0], words[1])
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(words[2])
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{pair},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    pool,
		MinVersion:   tls.VersionTLS13,
	}), nil
}

func main() {
	debug.SetGCPercent(collectAt)
	if len(os.Args) != 3 && len(os.Args) != 6 {
		os.Exit(2)
	}
	if err := load(os.Args[2]); err != nil {
		log.Fatal(err)
	}
	options := []grpc.ServerOption{
		grpc.ForceServerCodec(lookupCodec{}),
		grpc.NumStreamWorkers(uint32(runtime.GOMAXPROCS(0))),
		grpc.SharedWriteBuffer(true),
		grpc.WriteBufferSize(buffer),
		grpc.ReadBufferSize(buffer),
		grpc.InitialWindowSize(window),
		grpc.InitialConnWindowSize(window),
		grpc.MaxConcurrentStreams(1000),
		experimental.RecvBufferPool(grpc.NewSharedBufferPool()),
	}
	if len(os.Args) == 6 {
		secure, err := secured(os.Args[3:])
		if err != nil {
			log.Fatal(err)
		}
		options = append(options, grpc.Creds(secure))
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(options...)
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "ronda.v1.CheckService",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "CheckPerson", Handler: check}},
	}, struct{}{})
	fmt.Println("ready")
	log.Fatal(server.Serve(listener))
}
