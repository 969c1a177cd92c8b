// Command go-note answers questions about notes and Merkle trees with other people's code:
// golang.org/x/mod/sumdb/note and github.com/transparency-dev/merkle. It reads a JSON array of
// questions from standard input and writes a JSON array of answers, in the same order.
package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/merkle/testonly"
	"golang.org/x/mod/sumdb/note"
)

// A question names what to do in Ask; the members that it needs are beside it.
type question struct {
	Ask string

	// open: Note with Vkeys. sign: Text as Name, by a new key.
	Note, Text, Name string
	Vkeys            []string

	// inclusion: Leaf at Index of the tree of Size with Root, by Proof.
	// consistency: the tree of From with FromRoot is a prefix of that of Size with Root, by Proof.
	Index, From, Size    uint64
	Leaf, FromRoot, Root []byte
	Proof                [][]byte
}

type answer struct {
	Error string `json:"error,omitempty"`

	Text string `json:"text,omitempty"`
	// By lists the vkeys whose signatures hold, in the order of the note.
	By   []string `json:"by,omitempty"`
	Note string   `json:"note,omitempty"`
	Vkey string   `json:"vkey,omitempty"`

	// The public test data of Certificate Transparency.
	Leaves [][]byte   `json:"leaves,omitempty"`
	Nodes  [][][]byte `json:"nodes,omitempty"`
	Roots  [][]byte   `json:"roots,omitempty"`
}

func reply(q question) (a answer, err error) {
	switch q.Ask {
	case "open":
		verifiers := make([]note.Verifier, len(q.Vkeys))
		vkeys := map[string]string{}
		for i, vkey := range q.Vkeys {
			if verifiers[i], err = note.NewVerifier(vkey); err != nil {
				return a, err
			}
			vkeys[signedBy(verifiers[i].Name(), verifiers[i].KeyHash())] = vkey
		}
		opened, err := note.Open([]byte(q.Note), note.VerifierList(verifiers...))
		if err != nil {
			return a, err
		}
		a.Text = opened.Text
		for _, s := range opened.Sigs {
			a.By = append(a.By, vkeys[signedBy(s.Name, s.Hash)])
		}
	case "sign":
		skey, vkey, err := note.GenerateKey(rand.Reader, q.Name)
		if err != nil {
			return a, err
		}
		signer, err := note.NewSigner(skey)
		if err != nil {
			return a, err
		}
		signed, err := note.Sign(&note.Note{Text: q.Text}, signer)
		if err != nil {
			return a, err
		}
		a.Note, a.Vkey = string(signed), vkey
	case "inclusion":
		return a, proof.VerifyInclusion(rfc6962.DefaultHasher, q.Index, q.Size, q.Leaf, q.Proof, q.Root)
	case "consistency":
		return a, proof.VerifyConsistency(rfc6962.DefaultHasher, q.From, q.Size, q.Proof, q.FromRoot, q.Root)
	case "vectors":
		a.Leaves, a.Nodes, a.Roots = testonly.LeafInputs(), testonly.NodeHashes(), testonly.RootHashes()
	default:
		return a, fmt.Errorf("no such question: %q", q.Ask)
	}
	return a, nil
}

func signedBy(name string, hash uint32) string { return fmt.Sprintf("%s+%08x", name, hash) }

func main() {
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		fmt.Fprintln(os.Stderr, "go-note:", err)
		os.Exit(2)
	}
	answers := make([]answer, len(questions))
	for i, q := range questions {
		a, err := reply(q)
		if err != nil {
			a.Error = err.Error()
		}
		answers[i] = a
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, "go-note:", err)
		os.Exit(2)
	}
}
