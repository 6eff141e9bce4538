// Command checker holds a transparency log against the Go project's own packages for them.
//
//	checker log DIR VERIFIER-KEY      a folder laid out as C2SP tlog-tiles: its checkpoint, tiles and entries
//	checker proofs VERIFIER-KEY       a job of proofs as JSON on standard input
//	checker open VERIFIER-KEY         a signed note on standard input; prints its text
//	checker sign SIGNER-KEY           signs the text on standard input; prints the note
//	checker generate NAME             prints a signer key and its verifier key
//
// It prints one line and ends with 0 when all is good, with 1 when something is not, with 2 when it was asked wrongly.
package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/mod/sumdb/note"
)

func main() {
	text, err := run(os.Args[1:])
	var usage usageError
	switch {
	case errors.As(err, &usage):
		fmt.Fprintln(os.Stderr, "checker:", err)
		os.Exit(2)
	case err != nil:
		fmt.Println("bad:", err)
		os.Exit(1)
	}
	fmt.Print(text)
}

type usageError string

func (e usageError) Error() string { return string(e) }

func run(args []string) (string, error) {
	if len(args) == 3 && args[0] == "log" {
		return checkFolder(args[1], args[2])
	}
	if len(args) != 2 {
		return "", usageError("expected log DIR KEY | proofs KEY | open KEY | sign KEY | generate NAME")
	}
	if args[0] == "generate" {
		signer, verifier, err := note.GenerateKey(rand.Reader, args[1])
		return signer + "\n" + verifier + "\n", err
	}
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return "", err
	}
	switch args[0] {
	case "proofs":
		return checkProofs(input, args[1])
	case "open":
		return openNote(input, args[1])
	case "sign":
		signer, err := note.NewSigner(args[1])
		if err != nil {
			return "", err
		}
		signed, err := note.Sign(&note.Note{Text: string(input)}, signer)
		return string(signed), err
	}
	return "", usageError("unknown verb " + args[0])
}

func openNote(bytes []byte, verifierKey string) (string, error) {
	verifier, err := note.NewVerifier(verifierKey)
	if err != nil {
		return "", err
	}
	opened, err := note.Open(bytes, note.VerifierList(verifier))
	if err != nil {
		return "", err
	}
	for _, signature := range opened.Sigs {
		// The package lets bits behind the end of base64 be; one signature has one spelling here.
		if _, err := base64.StdEncoding.Strict().DecodeString(signature.Base64); err != nil {
			return "", err
		}
	}
	return opened.Text, nil
}

func checkProofs(input []byte, verifierKey string) (string, error) {
	var job job
	if err := json.Unmarshal(input, &job); err != nil {
		return "", usageError(err.Error())
	}
	return job.check(verifierKey)
}
