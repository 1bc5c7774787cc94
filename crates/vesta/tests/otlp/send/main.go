// Sends profiles with the code that OpenTelemetry generates for them, over gRPC or HTTP. It is built once for each release
// of the format, with the versions in go.mod and its siblings; what differs between releases is in release*.go.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pprofile/pprofileotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	grpcgzip "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
)

// What the sender is told.
type options struct {
	to, form, compression, service, token string
	program                               program
}

// What the receiver answers.
type answer struct {
	Rejected int64  `json:"rejected"`
	Message  string `json:"message"`
}

const patience = 30 * time.Second

func main() {
	if err := send(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func send() error {
	var options options
	flag.StringVar(&options.to, "to", "", "URL of the receiver, without a path")
	flag.StringVar(&options.form, "form", "grpc", "grpc, protobuf or json")
	flag.StringVar(&options.compression, "compression", "none", "none or gzip")
	flag.StringVar(&options.service, "service", "orders", "name of the service")
	flag.StringVar(&options.token, "token", "", "bearer token")
	flag.StringVar(&options.program.buildID, "build-id", "", "of the native program, in hexadecimal")
	flag.Uint64Var(&options.program.leaf, "leaf", 0, "place in its file of the innermost code")
	flag.Uint64Var(&options.program.call, "call", 0, "place in its file of the call of that code")
	flag.Parse()
	request := pprofileotlp.NewExportRequestFromProfiles(orders(options.service, options.program))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	export := overHTTP
	if options.form == "grpc" {
		export = overGRPC
	}
	response, err := export(ctx, options, request)
	if err != nil {
		return err
	}
	partial := response.PartialSuccess()
	return json.NewEncoder(os.Stdout).Encode(answer{partial.RejectedProfiles(), partial.ErrorMessage()})
}

func overGRPC(ctx context.Context, options options, request pprofileotlp.ExportRequest) (pprofileotlp.ExportResponse, error) {
	target := strings.TrimPrefix(options.to, "http://")
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return pprofileotlp.ExportResponse{}, err
	}
	defer connection.Close()
	var calls []grpc.CallOption
	if options.compression == "gzip" {
		calls = append(calls, grpc.UseCompressor(grpcgzip.Name))
	}
	if options.token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+options.token)
	}
	return pprofileotlp.NewGRPCClient(connection).Export(ctx, request, calls...)
}

func overHTTP(ctx context.Context, options options, request pprofileotlp.ExportRequest) (pprofileotlp.ExportResponse, error) {
	response := pprofileotlp.NewExportResponse()
	marshal, unmarshal, kind := request.MarshalProto, response.UnmarshalProto, "application/x-protobuf"
	if options.form == "json" {
		marshal, unmarshal, kind = request.MarshalJSON, response.UnmarshalJSON, "application/json"
	}
	body, err := marshal()
	if err != nil {
		return response, err
	}
	if options.compression == "gzip" {
		if body, err = compressed(body); err != nil {
			return response, err
		}
	}
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, options.to+"/v1development/profiles", bytes.NewReader(body))
	if err != nil {
		return response, err
	}
	post.Header.Set("Content-Type", kind)
	if options.compression == "gzip" {
		post.Header.Set("Content-Encoding", "gzip")
	}
	if options.token != "" {
		post.Header.Set("Authorization", "Bearer "+options.token)
	}
	reply, err := http.DefaultClient.Do(post)
	if err != nil {
		return response, err
	}
	content, err := io.ReadAll(reply.Body)
	err = errors.Join(err, reply.Body.Close())
	switch {
	case err != nil:
		return response, err
	case reply.StatusCode != http.StatusOK:
		return response, fmt.Errorf("%s: %s", reply.Status, content)
	case reply.Header.Get("Content-Type") != kind:
		return response, fmt.Errorf("%s was sent, the answer is %s", kind, reply.Header.Get("Content-Type"))
	}
	return response, unmarshal(content)
}

func compressed(body []byte) ([]byte, error) {
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	_, err := writer.Write(body)
	err = errors.Join(err, writer.Close())
	return buffer.Bytes(), err
}
