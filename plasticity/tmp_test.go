package plasticity_test
import ("testing";"fmt";"math";"maps";"slices";"os";"strconv"
 "math/rand/v2"
 "github.com/stretchr/testify/require"
 G "gorgonia.org/gorgonia"
 "gorgonia.org/tensor"
 "github.com/spikegrad/spikegrad/graph/graphtest"
)
func TestTmp(t *testing.T){
 n,_:=strconv.Atoi(os.Getenv("N")); base,_:=strconv.Atoi(os.Getenv("B"))
 rep,_:=strconv.Atoi(os.Getenv("R"))
 for _,c:=range graphtest.Cases(t,"testdata/reference") {
  if c.Function!="stdp_step_linear" || c.Name!="multiplicative_relu_strong" {continue}
  for k:=range n { for range rep {
   rng:=rand.New(rand.NewPCG(uint64(base+k),0))
   r := &reference{t: t, c: c, m: modelOf(t, c), g: G.NewGraph(), dt: tensor.Float64, in: map[string]*G.Node{}}
   require.NoError(t, r.m.Set("dt", *c.Dt))
   names:=slices.Sorted(maps.Keys(c.Params)); rng.Shuffle(len(names),func(i,j int){names[i],names[j]=names[j],names[i]})
   for _,name:=range names { v:=c.Params[name]
	if slices.Contains(settings,name) {continue}
	f:=name; if name=="stdp_algorithm" { f="algorithm" }
	number,isN:=v.Any.(float64)
	if _,learnt:=c.Grads["params."+name]; learnt { require.NoError(t,r.m.Set(f,r.node("params."+name, graphtest.Array{Data: []float64{number}}))) } else if isN { require.NoError(t,r.m.Set(f,number)) } else { require.NoError(t,r.m.Set(f,v.Any)) }
   }
   xs:=r.input()
   st:=map[string]*G.Node{"W":r.node("w",c.Inputs["w"]),"TPre":r.node("state.t_pre",c.Inputs["state.t_pre"]),"TPost":r.node("state.t_post",c.Inputs["state.t_post"])}
   l,err:=r.m.Lift(false,xs,st); require.NoError(t,err)
   outs:=map[string]*G.Node{"w":l.Final["W"],"state.t_pre":l.Final["TPre"],"state.t_post":l.Final["TPost"]}
   outs["trace.w"],_=l.Trace("W")
   var losses,wrt []*G.Node; var ws [][]float64
   for _,n:=range slices.Sorted(maps.Keys(outs)) { losses=append(losses,outs[n]); ws=append(ws,r.array(n,c.Cotangents[n])) }
   gs:=slices.Sorted(maps.Keys(c.Grads))
   for _,n:=range gs { wrt=append(wrt,r.in[n]) }
   ds,_:=graphtest.Grads(t,graphtest.Loss(t,losses,ws),wrt,losses)
   for i,n:=range gs { want:=r.array(n,c.Grads[n]); for j:=range want { if math.Abs(want[j]-ds[i][j])>1e-9 { fmt.Println("BAD seed",base+k,n,j,want[j],ds[i][j]) } } }
  } }
 }
}
