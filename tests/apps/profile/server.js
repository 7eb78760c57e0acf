// A service that greets by the name an upstream knows; it forgets that a profile may be missing.
import http from 'node:http';

const upstream = process.env.UPSTREAM_URL;
const port = Number(process.env.PORT);

function nameOf(user) {
  return user.profile.name.toUpperCase();
}

const server = http.createServer(async (request, response) => {
  try {
    const id = new URL(request.url, 'http://service').searchParams.get('id');
    const answer = await fetch(`${upstream}/users/${id}`);
    response.end(`hello ${nameOf(await answer.json())}`);
  } catch (error) {
    console.error(error);
    response.statusCode = 500;
    response.end('sorry');
  }
});
server.listen(port, '127.0.0.1', () => console.log('profile is listening'));
