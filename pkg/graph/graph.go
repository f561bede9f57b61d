// Package graph draws an application: what makes each of its feature sets run,
// and what they cause in turn.
//
// The picture is computed from the compiled program (Of) as plain data, laid out
// in columns from cause to effect, and written as SVG, as a page, as Mermaid or as
// JSON. The same program always gives the same bytes.
package graph

// Kind says what a node stands for.
type Kind string

// The kinds of node.
const (
	FeatureSet Kind = "feature set"
	Route      Kind = "route"      // an operation of the contract
	Event      Kind = "event"      // a domain event
	Timer      Kind = "timer"      // what Schedule starts
	TCP        Kind = "tcp"        // connected, data or disconnected
	WebSocket  Kind = "websocket"  // connected, message or disconnected
	Transition Kind = "transition" // what Accept moves a field through
	File       Kind = "file"       // a change that the file monitor sees
	Key        Kind = "key"        // a key of the terminal
	Repository Kind = "repository"
	Audience   Kind = "audience" // who Send, Broadcast and Publish reach
	Service    Kind = "service"  // what Start and Listen start
	Outside    Kind = "outside"  // servers that the program asks
)

// Flow says what an edge stands for. The arrow of Reads points against the flow
// of control: From asks, To answers.
type Flow string

// The kinds of edge.
const (
	Triggers  Flow = "triggers" // From makes the feature set To run
	Emits     Flow = "emits"
	Schedules Flow = "schedules"
	Accepts   Flow = "accepts"
	Calls     Flow = "calls" // a user action
	Writes    Flow = "writes"
	Reads     Flow = "reads"
	Sends     Flow = "sends"
	Starts    Flow = "starts"
	Asks      Flow = "asks"
)

// Graph is the picture as data. Nodes and edges stand in source order, routes
// first; it is read only once made.
type Graph struct {
	Name  string `json:"name"`
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
}

// Node is one thing of the application. Its ID is its kind and its name, and says
// the same from one version of the program to the next.
type Node struct {
	ID     string `json:"id"`
	Kind   Kind   `json:"kind"`
	Name   string `json:"name"`
	Detail string `json:"detail,omitempty"` // the activity of a feature set, the interval of a timer
	File   string `json:"file,omitempty"`   // of a feature set
	Line   int32  `json:"line,omitempty"`
}

// Edge leads from one node to another. Statements that do the same between the
// same two are one edge.
type Edge struct {
	From  string   `json:"from"`
	To    string   `json:"to"`
	Flow  Flow     `json:"flow"`
	Verbs []string `json:"verbs,omitempty"` // of the statements, in the order of their first use
	Lines []int32  `json:"lines,omitempty"` // of the statements, in the file of From
}

// Operation is a route, and the feature set that serves it.
type Operation struct {
	Method, Path string
	Name         string // operationId
	FeatureSet   string // "" when there is none
}

// Node returns the node with an ID, nil when there is none.
func (g *Graph) Node(id string) *Node {
	for i := range g.Nodes {
		if g.Nodes[i].ID == id {
			return &g.Nodes[i]
		}
	}
	return nil
}

// SetID is the ID of a feature set's node.
func SetID(name, activity string) string {
	if name == "Application-End" {
		name += ": " + activity
	}
	return id(FeatureSet, name)
}

func id(kind Kind, name string) string { return string(kind) + " " + name }
